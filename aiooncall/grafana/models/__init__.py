"""What Grafana OnCall sends and takes."""
