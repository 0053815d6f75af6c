"""SAP Emarsys (https://emarsys.com): customer engagement; its contacts, contact lists and relational data are kept in step."""
