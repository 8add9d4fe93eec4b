"""Generated pages: method cards, API reference, dataset cards and commands, from the package itself.

``docs/conf.py`` calls :func:`write_pages` before Sphinx reads its sources. Nothing here imports Sphinx,
except ``mathml`` and ``docstring_sections``, so that a test can ask which pages there would be.
"""
