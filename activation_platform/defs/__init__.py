"""The example workspace: a music shop's customers, activated to Batch and Attio. Meant to be replaced by yours."""
