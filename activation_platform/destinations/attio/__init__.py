"""Attio (https://attio.com): a CRM, of which people are kept in step."""
