"""Reports: tables and pages made of results on disk, and reproductions of papers."""
