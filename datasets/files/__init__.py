"""Files: downloads, archives and containers, checked before anything is built from them."""
