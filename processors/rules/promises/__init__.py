"""Promises (时限承诺): policies as data, one running instance each time one of them opens (domain.md section 3).

``paths`` ``keys``       read an event: fields and tests, and which promise it is about
``terms`` ``compiling``  one policy of one version, compiled; each of its MATCHes by ``hearing``
``listeners`` ``filing`` which events are evidence, and where
``judge``                evidence -> rows, by way of docket, openings, dating, calendars, waiting, settle and, for each
                         kind, running (after, given, open), gated, moving, rolling, periodic (periods, activity), covered
``carried`` ``opened``   the same told from a row and the newest evidence, or from the first trigger
``promise`` ``marks``    the row, and what it will have said

Nothing is imported here, so that the row can be had without what judges it.
"""
