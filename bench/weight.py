"""How heavy the listings page is on a first visit."""

import gzip
import re

from bench import seed
from bench.figures import figure
from portal.web.assets import DIST


@figure("page-weight", at_most=120)
def page_weight() -> float:
    """Kilobytes of HTML, CSS and JS of the listings page: files as sent with gzip, no fonts."""
    client = seed.signed_in(seed.app_with(100_000))
    answer = client.get("/portal/listings/?status=live", headers={"Accept-Encoding": "gzip"})
    html = answer.get_data()
    sent = {"html": len(html)}
    text = gzip.decompress(html) if answer.content_encoding == "gzip" else html
    found = re.findall(rb'(?:src|href)="/static/([^"#]+\.(?:css|js))"', text)
    for name in {name.decode() for name in found}:
        sent[name] = (DIST / f"{name}.gz").stat().st_size
    if b"font-face" in text or len(sent) < 3:
        raise RuntimeError(f"not the page that was meant: {sorted(sent)}")
    print(f"# {sent}")
    return sum(sent.values()) / 1000
