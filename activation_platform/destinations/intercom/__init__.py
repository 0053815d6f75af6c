"""Intercom (https://www.intercom.com): customer service, of which contacts, companies and tags are kept in step."""
