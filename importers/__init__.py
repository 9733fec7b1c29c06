"""What users have already: archives, dumps, folders and files, read into page versions."""
