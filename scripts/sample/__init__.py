"""The invented wholesaler of the sample office: its records and its mails, as data."""
