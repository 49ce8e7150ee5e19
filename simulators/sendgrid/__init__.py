"""SendGrid's mail/send, a mailbox to look into, and its signed event webhooks."""
