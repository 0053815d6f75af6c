"""Files: in a folder, in a bucket of an object store, or on an SFTP server."""
