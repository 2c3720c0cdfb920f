"""业主论坛: an example of each type of ``schemas.touchpoints.forum``."""

from __future__ import annotations

from typing import Final

from schemas.examples.estate import Examples

EXAMPLES: Final[Examples] = {
    "forum_post.captured": (
        {"projectid": "yunshan", "channel": "owner_forum", "actorrole": "cs_staff"},
        {"post_ref": "forum/88213", "topic": "地库渗水", "content": "地库B2多处滴水，请物业和开发商答复。"},
    ),
    "forum_post.replied": (
        {"projectid": "yunshan", "channel": "owner_forum", "actorrole": "cs_staff"},
        {"post_ref": "forum/88213", "content": "已安排排查，本周五前在此公布结果。"},
    ),
}
