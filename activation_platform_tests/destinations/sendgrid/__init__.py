"""SendGrid's services: what they say, what they make of the answers, and what the account then holds."""
