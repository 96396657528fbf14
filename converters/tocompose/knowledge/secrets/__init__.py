"""What is a secret: told from its name, from its form, and from the command that it is given to.

This is the one place that decides it: importers, practices, reports and the audit all ask here.
"""
