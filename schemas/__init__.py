"""The language of Touchline: events, policies and calendars. Knows no database, no Kafka, no clock."""
