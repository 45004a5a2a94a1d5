"""Issues become editions (HTML through MJML, and plain text) and the bodies of web pages."""
