"""GS1 EPCIS 2.0 and CBV 2.0 (ISO/IEC 19987 and 19988): documents, event hash ids, queries, and the hub's own facts."""
