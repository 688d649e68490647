"""A row that the database itself refuses, in the middle of a transaction: a trigger, on SQLite and on PostgreSQL."""

from sqlalchemy import Connection

from tests.scenarios.plant import Plant

FUNCTION = "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'poisoned'; END $$ LANGUAGE plpgsql"


async def refuse(plant: Plant, action: str, when: str) -> None:
    """Let the database refuse what is done ("INSERT ON lot") wherever a condition on NEW holds."""

    def create(tx: Connection) -> None:
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql(FUNCTION)
            tx.exec_driver_sql(f"CREATE TRIGGER poison BEFORE {action} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()")
        else:
            body = "BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
            tx.exec_driver_sql(f"CREATE TRIGGER poison BEFORE {action} FOR EACH ROW WHEN {when} {body}")

    assert plant.hub
    await plant.hub.runtime.store.write(create)
