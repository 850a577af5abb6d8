"""The report of a job: `data` has its values, `read` reads them, `text`, `html` and `chart` show them."""
