"""EPCIS: documents, hash ids, queries and facts, on own small documents and on the published ones."""
