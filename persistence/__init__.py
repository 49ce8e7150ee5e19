"""What is kept: SQLModel tables, one repository per noun, migrations. Rows never leave it."""
