"""Uploaded files, kept in memory as long as their message lives."""

from dataclasses import dataclass, field

from playground.webex.errors import NotFound
from playground.webex.identifiers import opaque
from playground.webex.records import Content

# developer.webex.com/docs/basics#message-attachments: one file, at most 100 MB.
MAX_FILE_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in."""

    name: str
    media_type: str
    body: bytes = field(repr=False)


class Contents:
    """All files by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Content] = {}
        self._of_message: dict[str, str] = {}

    def keep(self, message_id: str, message_key: str, upload: Upload) -> Content:
        """Store the file of a message and return it with its id."""
        content = Content(
            id=opaque("CONTENT", f"{message_key}/0"),
            message_id=message_id,
            name=upload.name,
            media_type=upload.media_type,
            body=upload.body,
        )
        self._by_id[content.id] = content
        self._of_message[message_id] = content.id
        return content

    def get(self, content_id: str) -> Content:
        """Return a file. Raises NotFound."""
        content = self._by_id.get(content_id)
        if content is None:
            raise NotFound()
        return content

    def drop_of(self, message_id: str) -> None:
        """Forget the file of a message that is gone, if it had one."""
        content_id = self._of_message.pop(message_id, None)
        if content_id is not None:
            del self._by_id[content_id]
