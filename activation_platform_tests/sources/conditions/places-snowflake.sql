-- {split: test, arm: treatment}
LEFT(MD5('spring:' || CAST("id" AS VARCHAR)), 15) < 'e66666666666666'

-- {split: test, arm: control}
LEFT(MD5('spring:' || CAST("id" AS VARCHAR)), 15) >= 'e66666666666666'

-- {split: keys, arm: a}
LEFT(MD5('x:' || REPLACE(REPLACE(COLLATE(CAST("text" AS VARCHAR), ''), '\\', '\\\\'), '|', '\\|') || '|' || CASE WHEN CAST("price" AS VARCHAR) LIKE '%.%' THEN RTRIM(RTRIM(CAST("price" AS VARCHAR), '0'), '.') ELSE CAST("price" AS VARCHAR) END || '|' || TO_CHAR("day", 'YYYY-MM-DD') || '|' || TO_CHAR(CONVERT_TIMEZONE('UTC', "at"), 'YYYY-MM-DD') || 'T' || TO_CHAR(CONVERT_TIMEZONE('UTC', "at"), 'HH24:MI:SS.FF6') || 'Z' || '|' || TO_CHAR(CAST("naive" AS TIMESTAMPNTZ), 'YYYY-MM-DD') || 'T' || TO_CHAR(CAST("naive" AS TIMESTAMPNTZ), 'HH24:MI:SS.FF6') || 'Z' || '|' || CAST("flag" AS VARCHAR) || '|' || CAST("number" AS VARCHAR)), 15) < '553f7ced916872b'

-- {limit: {top: 1000, by: [{descending: spent}]}}
"id" IN (SELECT "id" FROM "people" WHERE NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 1000)

-- {limit: {top: 5, by: [{ascending: name, nulls: first}, {descending: born}]}, of: {field: spent, above: 1}}
"id" IN (SELECT "id" FROM "people" WHERE ("spent" > CAST('1.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AND NOT "id" IS NULL ORDER BY TO_BINARY(CAST("name" AS VARCHAR), 'UTF-8') ASC NULLS FIRST, "born" DESC NULLS LAST, "id" ASC LIMIT 5)

-- {limit: {top: 5, by: [{descending: price}, {ascending: flag}]}}
("text", "price", "day", "at", "naive", "flag", "number") IN (SELECT "text", "price", "day", "at", "naive", "flag", "number" FROM "wide" WHERE NOT "text" IS NULL AND NOT "price" IS NULL AND NOT "day" IS NULL AND NOT "at" IS NULL AND NOT "naive" IS NULL AND NOT "flag" IS NULL AND NOT "number" IS NULL ORDER BY "price" DESC NULLS LAST, "flag" ASC, TO_BINARY(CAST("text" AS VARCHAR), 'UTF-8') ASC, "price" ASC, "day" ASC, "at" ASC, "naive" ASC, "flag" ASC, "number" ASC LIMIT 5)

-- {limit: {sample: 100, seed: it's}, of: {segment: rich}}
"id" IN (SELECT "id" FROM "people" WHERE ("spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AND NOT "id" IS NULL ORDER BY LEFT(MD5('it\'s:' || CAST("id" AS VARCHAR)), 15), "id" ASC LIMIT 100)

-- {limit: {sample: 12.5 %, seed: a}, of: {segment: rich}}
("spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE)) AND LEFT(MD5('a:' || CAST("id" AS VARCHAR)), 15) < '200000000000000'

-- {none: [{segment: few}]}
NOT COALESCE("id" IN (SELECT "id" FROM "people" WHERE NOT "id" IS NULL ORDER BY CASE WHEN "spent" <> CAST('NaN' AS DOUBLE) THEN "spent" END DESC NULLS LAST, "id" ASC LIMIT 10), FALSE)

-- {segment: listed}
NOT "born" IS NULL AND NOT COALESCE("spent" > CAST('100.0' AS DOUBLE) AND "spent" <> CAST('NaN' AS DOUBLE), FALSE)
