-- 4711: {all: [{has: orders, at_least: 2}, {segment: big}]}
SELECT COALESCE("base"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer" HAVING COUNT(*) >= 2) AND ("base"."spent" > CAST('100.0' AS DOUBLE PRECISION) AND "base"."spent" <> CAST('NaN' AS DOUBLE PRECISION)), FALSE) AS "holds0", COALESCE("base"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer" HAVING COUNT(*) >= 2), FALSE) AS "holds1", COALESCE("made2"."value", 0) AS "amount1", COALESCE("base"."spent" > CAST('100.0' AS DOUBLE PRECISION) AND "base"."spent" <> CAST('NaN' AS DOUBLE PRECISION), FALSE) AS "holds2", COALESCE("base"."spent" > CAST('100.0' AS DOUBLE PRECISION) AND "base"."spent" <> CAST('NaN' AS DOUBLE PRECISION), FALSE) AS "holds3", CAST("base"."id" AS TEXT) COLLATE "C" AS "key", "base"."spent" AS "held0" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", COUNT(*) AS "value" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "made2" ON "made2"."key0" = "base"."id" WHERE (CAST("base"."id" AS TEXT) COLLATE "C") = '4711'

-- 4711: {field: spent, above: {percentile: 80}}
SELECT COALESCE(CAST("base"."spent" AS DOUBLE PRECISION) > (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE PRECISION)) FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "row" WHERE NOT "spent" IS NULL AND "spent" <> CAST('NaN' AS DOUBLE PRECISION)) AND "base"."spent" <> CAST('NaN' AS DOUBLE PRECISION), FALSE) AS "holds0", (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE PRECISION)) FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "row" WHERE NOT "spent" IS NULL AND "spent" <> CAST('NaN' AS DOUBLE PRECISION)) AS "limit0", CAST("base"."id" AS TEXT) COLLATE "C" AS "key", "base"."spent" AS "held0" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "base" WHERE (CAST("base"."id" AS TEXT) COLLATE "C") = '4711'

-- 4711: {aggregate: {distinct: shop, of: orders}, above: {percentile: 50}}
SELECT COALESCE("base"."id" IN (SELECT "key0" FROM (SELECT "customer" AS "key0", COUNT(DISTINCT "shop") AS "value" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "made" WHERE CAST("value" AS DOUBLE PRECISION) > (SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST("value" AS DOUBLE PRECISION)) FROM (SELECT COALESCE("made0"."value", 0) AS "value" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", COUNT(DISTINCT "shop") AS "value" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id") AS "row" WHERE NOT "value" IS NULL)) OR (NOT COALESCE("base"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL), FALSE) AND CAST(0 AS DOUBLE PRECISION) > (SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST("value" AS DOUBLE PRECISION)) FROM (SELECT COALESCE("made0"."value", 0) AS "value" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", COUNT(DISTINCT "shop") AS "value" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id") AS "row" WHERE NOT "value" IS NULL)), FALSE) AS "holds0", COALESCE("made1"."value", 0) AS "amount0", (SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST("value" AS DOUBLE PRECISION)) FROM (SELECT COALESCE("made0"."value", 0) AS "value" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", COUNT(DISTINCT "shop") AS "value" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id") AS "row" WHERE NOT "value" IS NULL) AS "limit0", CAST("base"."id" AS TEXT) COLLATE "C" AS "key" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", COUNT(DISTINCT "shop") AS "value" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "made1" ON "made1"."key0" = "base"."id" WHERE (CAST("base"."id" AS TEXT) COLLATE "C") = '4711'

-- 4711: {aggregate: {last: total, of: local}, above: 5}
SELECT COALESCE(("base"."id", "base"."shop") IN (SELECT "key0", "key1" FROM (SELECT "key0", "key1", "value" FROM (SELECT "customer" AS "key0", "shop" AS "key1", "total" AS "value", ROW_NUMBER() OVER (PARTITION BY "customer", "shop" ORDER BY "at" DESC NULLS LAST, "id" DESC NULLS LAST) AS "mark" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE (NOT "customer" IS NULL AND NOT "shop" IS NULL) AND NOT "at" IS NULL AND NOT "total" IS NULL) AS "ranked" WHERE "mark" = 1) AS "made" WHERE "value" > CAST('5.00' AS DECIMAL(10, 2))), FALSE) AS "holds0", "made1"."value" AS "amount0", CAST("base"."id" AS TEXT) COLLATE "C" AS "key" FROM (SELECT "id" AS "id", "shop" AS "shop", "spent" AS "spent" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "key0", "key1", "value" FROM (SELECT "customer" AS "key0", "shop" AS "key1", "total" AS "value", ROW_NUMBER() OVER (PARTITION BY "customer", "shop" ORDER BY "at" DESC NULLS LAST, "id" DESC NULLS LAST) AS "mark" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "weight" AS "weight", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE (NOT "customer" IS NULL AND NOT "shop" IS NULL) AND NOT "at" IS NULL AND NOT "total" IS NULL) AS "ranked" WHERE "mark" = 1) AS "made1" ON "made1"."key0" = "base"."id" AND "made1"."key1" = "base"."shop" WHERE (CAST("base"."id" AS TEXT) COLLATE "C") = '4711'

-- 4711: {field: tier, equals: gold}
SELECT COALESCE("base"."tier" = 'gold', FALSE) AS "holds0", "base"."tier" AS "field0_0", COALESCE(CAST("base"."spent" AS DOUBLE PRECISION) >= (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE PRECISION)) FROM (SELECT "base".*, "made0"."value" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "value" FROM (SELECT "base".*, CAST((CAST("base"."total" AS DECIMAL(11, 2)) - CAST("base"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "base") AS "base" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id") AS "base" WHERE NOT "spent" IS NULL), FALSE) AS "holds1", "base"."spent" AS "field1_0", (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE PRECISION)) FROM (SELECT "base".*, "made0"."value" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "value" FROM (SELECT "base".*, CAST((CAST("base"."total" AS DECIMAL(11, 2)) - CAST("base"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "base") AS "base" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id") AS "base" WHERE NOT "spent" IS NULL) AS "limit1", COALESCE("base"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL) OR "base"."country" = 'FR', FALSE) AS "holds2", COALESCE("base"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL), FALSE) AS "holds3", COALESCE("made7"."value", 0) AS "amount3", COALESCE("base"."country" = 'FR', FALSE) AS "holds4", COALESCE("base"."country" = 'FR', FALSE) AS "holds5", CAST("base"."id" AS TEXT) COLLATE "C" AS "key", "base"."country" AS "held0" FROM (SELECT "base".*, CAST(CASE WHEN CAST("base"."spent" AS DOUBLE PRECISION) >= (SELECT PERCENTILE_CONT(0.8) WITHIN GROUP (ORDER BY CAST("spent" AS DOUBLE PRECISION)) FROM (SELECT "base".*, "made0"."value" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "value" FROM (SELECT "base".*, CAST((CAST("base"."total" AS DECIMAL(11, 2)) - CAST("base"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "base") AS "base" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id") AS "base" WHERE NOT "spent" IS NULL) THEN 'gold' WHEN "base"."id" IN (SELECT "customer" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL) OR "base"."country" = 'FR' THEN 'silver' ELSE 'bronze' END AS TEXT) AS "tier" FROM (SELECT "base".*, "made0"."value" AS "spent" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "value" FROM (SELECT "base".*, CAST((CAST("base"."total" AS DECIMAL(11, 2)) - CAST("base"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "base") AS "base" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id") AS "base") AS "base" LEFT JOIN (SELECT "customer" AS "key0", COUNT(*) AS "value" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "row" WHERE NOT "customer" IS NULL GROUP BY "customer") AS "made7" ON "made7"."key0" = "base"."id" WHERE (CAST("base"."id" AS TEXT) COLLATE "C") = '4711'

-- 4711: {field: per_order, above: 10}
SELECT COALESCE("base"."per_order" > CAST('10.0' AS DOUBLE PRECISION) AND "base"."per_order" <> CAST('NaN' AS DOUBLE PRECISION), FALSE) AS "holds0", "base"."per_order" AS "field0_0", "base"."spent" AS "field0_1", "base"."bought" AS "field0_2", CAST("base"."id" AS TEXT) COLLATE "C" AS "key" FROM (SELECT "base".*, (CAST(SIGN((CAST(CASE WHEN ABS(CAST("base"."spent" AS DOUBLE PRECISION)) < CAST('1e+19' AS DOUBLE PRECISION) THEN "base"."spent" END AS DOUBLE PRECISION) / NULLIF(CAST("base"."bought" AS DOUBLE PRECISION), CAST('0.0' AS DOUBLE PRECISION)))) AS DOUBLE PRECISION) * (FLOOR(ABS((CAST(CASE WHEN ABS(CAST("base"."spent" AS DOUBLE PRECISION)) < CAST('1e+19' AS DOUBLE PRECISION) THEN "base"."spent" END AS DOUBLE PRECISION) / NULLIF(CAST("base"."bought" AS DOUBLE PRECISION), CAST('0.0' AS DOUBLE PRECISION)))) * CAST('100.0' AS DOUBLE PRECISION) + CAST('0.5' AS DOUBLE PRECISION)) / CAST('100.0' AS DOUBLE PRECISION))) AS "per_order" FROM (SELECT "base".*, "made0"."value" AS "spent", COALESCE("made1"."value", 0) AS "bought" FROM (SELECT "id" AS "id", "country" AS "country", "born" AS "born", "home" AS "home" FROM (
SELECT * FROM customers
) AS "model") AS "base" LEFT JOIN (SELECT "customer" AS "key0", CAST(SUM("net") AS DECIMAL(38, 2)) AS "value" FROM (SELECT "base".*, CAST((CAST("base"."total" AS DECIMAL(11, 2)) - CAST("base"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "base") AS "base" WHERE ("at" > CAST('2023-03-31 12:30:00+00:00' AS TIMESTAMPTZ) AND "at" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMPTZ)) AND NOT "customer" IS NULL GROUP BY "customer") AS "made0" ON "made0"."key0" = "base"."id" LEFT JOIN (SELECT "customer" AS "key0", COUNT(*) AS "value" FROM (SELECT "base".*, CAST((CAST("base"."total" AS DECIMAL(11, 2)) - CAST("base"."fee" AS DECIMAL(11, 2))) AS DECIMAL(38, 2)) AS "net" FROM (SELECT "id" AS "id", "customer" AS "customer", "shop" AS "shop", "total" AS "total", "fee" AS "fee", "at" AS "at" FROM (
SELECT * FROM orders
) AS "model") AS "base") AS "base" WHERE "net" > CAST('5.00' AS DECIMAL(38, 2)) AND NOT "customer" IS NULL GROUP BY "customer") AS "made1" ON "made1"."key0" = "base"."id") AS "base") AS "base" WHERE (CAST("base"."id" AS TEXT) COLLATE "C") = '4711'

-- 4711: {none: [{split: test, arm: control}, {limit: {top: 5, by: [{descending: spent}]}, of: {field: born, is_null: false}}]}
SELECT COALESCE(NOT COALESCE(LEFT(MD5(CONVERT_TO('spring:' || CAST("base"."id" AS TEXT) COLLATE "C", 'UTF8')) COLLATE "C", 15) >= 'e66666666666666' OR "base"."id" IN (SELECT "id" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "row" WHERE NOT "born" IS NULL AND NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE PRECISION) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 5), FALSE), FALSE) AS "holds0", COALESCE(LEFT(MD5(CONVERT_TO('spring:' || CAST("base"."id" AS TEXT) COLLATE "C", 'UTF8')) COLLATE "C", 15) >= 'e66666666666666', FALSE) AS "holds1", CASE WHEN LEFT(MD5(CONVERT_TO('spring:' || CAST("base"."id" AS TEXT) COLLATE "C", 'UTF8')) COLLATE "C", 15) < 'e66666666666666' THEN 'treatment' WHEN LEFT(MD5(CONVERT_TO('spring:' || CAST("base"."id" AS TEXT) COLLATE "C", 'UTF8')) COLLATE "C", 15) >= 'e66666666666666' THEN 'control' END AS "amount1", COALESCE("base"."id" IN (SELECT "id" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "row" WHERE NOT "born" IS NULL AND NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE PRECISION) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 5), FALSE) AS "holds2", "made4"."value" AS "amount2", COALESCE(NOT "base"."born" IS NULL, FALSE) AS "holds3", CAST("base"."id" AS TEXT) COLLATE "C" AS "key", "base"."born" AS "held0" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "base" LEFT JOIN (SELECT "key0", MIN("place") AS "value" FROM (SELECT "id" AS "key0", ROW_NUMBER() OVER (ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE PRECISION) THEN "spent" END DESC NULLS LAST, "id" ASC) AS "place" FROM (SELECT "id" AS "id", "name" AS "name", "spent" AS "spent", "born" AS "born", "tags" AS "tags" FROM (
SELECT * FROM people
) AS "model") AS "row" WHERE NOT "born" IS NULL AND NOT "id" IS NULL) AS "ranked" GROUP BY "key0") AS "made4" ON "made4"."key0" = "base"."id" WHERE (CAST("base"."id" AS TEXT) COLLATE "C") = '4711'

-- it's \| 1|2024-03-31T12:30:00.000000Z: {field: number, above: 1}
SELECT COALESCE("base"."number" > 1, FALSE) AS "holds0", REPLACE(REPLACE(CAST("base"."text" AS TEXT) COLLATE "C", '\', '\\'), '|', '\|') || '|' || REPLACE(REPLACE(TO_CHAR("base"."at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') COLLATE "C", '\', '\\'), '|', '\|') AS "key", "base"."number" AS "held0" FROM (SELECT "text" AS "text", "at" AS "at", "number" AS "number" FROM (
SELECT * FROM pairs
) AS "model") AS "base" WHERE (REPLACE(REPLACE(CAST("base"."text" AS TEXT) COLLATE "C", '\', '\\'), '|', '\|') || '|' || REPLACE(REPLACE(TO_CHAR("base"."at", 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') COLLATE "C", '\', '\\'), '|', '\|')) = 'it''s \| 1|2024-03-31T12:30:00.000000Z'
