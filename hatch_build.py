"""What the metadata of a build owe to the place where the sources are hosted: its addresses, and the README's links.

`SOURCES_URL` in the environment is the address of the repository, such as a fork's. With it the README's relative links
lead to the files of the version, and the metadata have the addresses of the project. Without it both are left out. An
sdist has them in its own metadata, which its wheel takes over.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

TARGET: Final = re.compile(r'(\]\(|\b(?:href|src|srcset)=")([^)"\s]+)')
"""What a link or a picture leads to, in Markdown or HTML."""
PICTURES: Final = (".gif", ".jpg", ".png", ".svg", ".webp")


def resolve_links(text: str, root: Path, files: str) -> str:
    """Return a text whose links to files of the project lead to where these are hosted.

    Args:
        text: Markdown; what leads to no file in `root` is left alone.
        root: the folder that its links start from.
        files: the address of that folder, with `{}` for the way in which a file is shown: `blob` as a page, `raw` as
            it is.
    """

    def resolve(found: re.Match[str]) -> str:
        before, target = found.groups()
        path = target.partition("#")[0]
        if not path or not (root / path).exists():
            return found[0]
        return f"{before}{files.format('raw' if path.endswith(PICTURES) else 'blob')}/{target}"

    return TARGET.sub(resolve, text)


def addresses(sources: str, tag: str) -> dict[str, str]:
    """Return the addresses of a project, by the labels that indexes know.

    The labels are those of https://packaging.python.org/en/latest/specifications/well-known-project-urls/.

    Args:
        sources: the address of the repository.
        tag: the version's tag.
    """
    return {
        "Source": sources,
        "Documentation": f"{sources}/blob/{tag}/README.md#documentation",
        "Changelog": f"{sources}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{sources}/issues",
    }


class HostedMetadata(MetadataHookInterface):
    """The fields that depend on where the sources are hosted."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme` and `urls`.

        Args:
            metadata: the table `project` of pyproject.toml, which is changed.
        """
        sources, tag = os.environ.get("SOURCES_URL", "").rstrip("/"), f"v{metadata['version']}"
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        if sources:
            text = resolve_links(text, Path(self.root), f"{sources}/{{}}/{tag}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = {**(addresses(sources, tag) if sources else {}), **self.config["urls"]}
