"""SendGrid (https://sendgrid.com): e-mail marketing, of which the contacts and the lists that they are on are kept in step."""
