-- breakdown by shop
SELECT "VALUE", COUNT(*) AS "TOTAL" FROM (SELECT "shop" AS "VALUE" FROM (SELECT "id" AS "id", "shop" AS "shop", "country" AS "country", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE "country" IN ('FR', 'BE')) AS "KEPT" GROUP BY "VALUE"

-- overlap of two segments
SELECT "IN_0", "IN_1", COUNT(*) AS "TOTAL" FROM (SELECT "KEY", MAX("IN_0") AS "IN_0", MAX("IN_1") AS "IN_1" FROM (SELECT CAST("id" AS VARCHAR) AS "KEY", 1 AS "IN_0", 0 AS "IN_1" FROM (SELECT "id" AS "id", "shop" AS "shop", "country" AS "country", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE "country" IN ('FR', 'BE') UNION ALL SELECT CAST("id" AS VARCHAR) AS "KEY", 0 AS "IN_0", 1 AS "IN_1" FROM (SELECT "id" AS "id", "shop" AS "shop", "country" AS "country", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE "spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AS "EVERY_KEY" WHERE NOT "KEY" IS NULL GROUP BY "KEY") AS "ONCE" GROUP BY "IN_0", "IN_1"

-- overlap of two segments whose key is of two columns
SELECT "IN_0", "IN_1", COUNT(*) AS "TOTAL" FROM (SELECT "KEY", MAX("IN_0") AS "IN_0", MAX("IN_1") AS "IN_1" FROM (SELECT REPLACE(REPLACE(COLLATE(CAST("shop" AS VARCHAR), ''), '\\', '\\\\'), '|', '\\|') || '|' || REPLACE(REPLACE(CAST("id" AS VARCHAR), '\\', '\\\\'), '|', '\\|') AS "KEY", 1 AS "IN_0", 0 AS "IN_1" FROM (SELECT "id" AS "id", "shop" AS "shop", "country" AS "country", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE "country" IN ('FR', 'BE') UNION ALL SELECT REPLACE(REPLACE(COLLATE(CAST("shop" AS VARCHAR), ''), '\\', '\\\\'), '|', '\\|') || '|' || REPLACE(REPLACE(CAST("id" AS VARCHAR), '\\', '\\\\'), '|', '\\|') AS "KEY", 0 AS "IN_0", 1 AS "IN_1" FROM (SELECT "id" AS "id", "shop" AS "shop", "country" AS "country", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE "spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AS "EVERY_KEY" WHERE NOT "KEY" IS NULL GROUP BY "KEY") AS "ONCE" GROUP BY "IN_0", "IN_1"

-- history: the keys
SELECT CAST("id" AS VARCHAR) AS "KEY" FROM (SELECT "id" AS "id", "shop" AS "shop", "country" AS "country", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "ROW" WHERE "country" IN ('FR', 'BE')
