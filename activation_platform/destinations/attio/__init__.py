"""Attio (https://attio.com): a CRM, of which people, companies, users, deals and any other object are kept in step."""
