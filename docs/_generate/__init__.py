"""Generated pages: method cards, API reference, dataset cards and commands, from the package.

``docs/conf.py`` calls :func:`pages.write_pages` before Sphinx reads its sources. Only ``mathml``
imports Sphinx, so that a test can ask which pages there would be without it.
"""
