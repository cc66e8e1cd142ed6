"""The requests of an access log in Apache's Common or Combined format, as twinmill reads them."""

import re

REQUEST = re.compile(
    r'^([^ ]+) [^\[]*\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)'
    r'(?: "((?:[^"\\]|\\.)*)".*)?$'
)
"""Host, time, request, status, bytes, referrer."""
EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})$")
SESSION_GAP_SECONDS = 30 * 60
