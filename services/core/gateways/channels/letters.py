"""Writes the e-mail of an alert: plain text and HTML, with a Message-ID that stays the same."""

import html
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from services.core.gateways.channels.port import Parcel
from services.core.gateways.channels.telling import Telling

SUBJECT_CHARACTERS: Final = 200
# Seven bits for every server; non-ASCII words are encoded.
_POLICY: Final = SMTP.clone(cte_type="7bit")

_STYLE: Final = "font-family:sans-serif;font-size:15px;line-height:1.5;color:#222"
_COLOURS: Final = {"hint": "#2b6cb0", "warning": "#b7791f", "breach": "#c53030"}


def write_letter(
    parcel: Parcel, telling: Telling, *, sender: str, recipients: list[str], now: datetime
) -> EmailMessage:
    """One letter to all. A repeat has the same Message-ID: most mailboxes show it once."""
    domain = sender.rpartition("@")[2]
    letter = EmailMessage(policy=_POLICY)
    words = telling.sentence or telling.title
    letter["Subject"] = f"[Warmline] {telling.title}: {words}"[:SUBJECT_CHARACTERS]
    letter["From"] = Address("Warmline", addr_spec=sender)
    letter["To"] = ", ".join(recipients)
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{parcel.id}@{domain}>"
    # All letters about one alert stand together in a mailbox.
    letter["References"] = f"<{parcel.message.get('alert_id') or parcel.id}.alert@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(_as_text(telling))
    letter.add_alternative(_as_html(telling), subtype="html")
    for file in parcel.message.get("attachments") or ():
        letter.add_attachment(file["text"], subtype=file["subtype"], filename=file["name"])
    return letter


def _as_text(telling: Telling) -> str:
    parts = [telling.title, telling.sentence, telling.excerpt, *telling.lines(0)]
    parts += [f"{label}: {url}" for label, url in telling.links]
    parts += [telling.repeat]
    return "\n\n".join(part for part in parts if part)


def _as_html(telling: Telling) -> str:
    colour = _COLOURS.get(telling.severity, "#2f855a" if telling.is_over else "#c53030")
    parts = [f'<p style="color:{colour}"><b>{html.escape(telling.title)}</b></p>']
    parts += [_paragraph(telling.sentence)] if telling.sentence else []
    if telling.excerpt:
        parts.append(f"<blockquote>{html.escape(telling.excerpt)}</blockquote>")
    items = "".join(f"<li>{html.escape(line)}</li>" for line in telling.lines(0))
    parts += [f"<ul>{items}</ul>"] if items else []
    parts += [
        f'<p><a href="{html.escape(url)}">{html.escape(label)}</a></p>'
        for label, url in telling.links
    ]
    parts += [_paragraph(telling.repeat)] if telling.repeat else []
    return f'<div style="{_STYLE}">{"".join(parts)}</div>'


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"
