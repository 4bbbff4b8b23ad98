"""Registration of data assets: applications, the registrar's formal review, and certificates."""
