"""业主论坛: posts that were seen and answered (domain.md 2.5)."""

from __future__ import annotations

from schemas.fields import Personal, Ref
from schemas.model import Touchpoint


class ForumPostCaptured(Touchpoint):
    """网上跟踪: T113. ``post_ref`` is the post's address or number; ``linked_case_id`` a case that it is about."""

    TYPE = "forum_post.captured"

    post_ref: Ref | None = None
    topic: Ref | None = None
    content: Personal | None = None
    linked_case_id: Ref | None = None


class ForumPostReplied(Touchpoint):
    """网上回复: T114. Answered in the forum itself."""

    TYPE = "forum_post.replied"

    post_ref: Ref
    content: Personal | None = None
