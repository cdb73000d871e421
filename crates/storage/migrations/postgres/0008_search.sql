-- Who delivered what when, by sender and by code.
CREATE INDEX message_organisation_received_at ON message (organisation, received_at);
CREATE INDEX message_code_code ON message_code (code, message);
