"""Page of results for the browser: one file, without any request."""
