-- {field: name, equals: Ann}
"name" || '.' = 'Ann' || '.'

-- {field: name, equals: Ann, ignore_case: true}
LOWER("name") || '.' = LOWER('Ann') || '.'

-- {field: name, not_equals: Ann}
NOT COALESCE("name" || '.' = 'Ann' || '.', FALSE)

-- {field: name, in: [a, b]}
"name" || '.' IN ('a' || '.', 'b' || '.')

-- {field: name, not_in: [a, b]}
NOT COALESCE("name" || '.' IN ('a' || '.', 'b' || '.'), FALSE)

-- {field: name, contains: 50%_}
POSITION('50%_' IN "name") > 0

-- {field: name, not_contains: x}
NOT COALESCE(POSITION('x' IN "name") > 0, FALSE)

-- {field: name, starts_with: x}
POSITION('x' IN "name") = 1

-- {field: name, not_starts_with: x}
NOT COALESCE(POSITION('x' IN "name") = 1, FALSE)

-- {field: name, ends_with: x}
POSITION(REVERSE('x') IN REVERSE("name")) = 1

-- {field: name, not_ends_with: x}
NOT COALESCE(POSITION(REVERSE('x') IN REVERSE("name")) = 1, FALSE)

-- {field: name, matches: '^\d{5}$'}
REGEXP_INSTR("name", '^[0-9]{5}\\z', 1, 1, 0, 'p') > 0

-- {field: name, matches: 'a.*(?:b|''\s)'}
REGEXP_INSTR("name", 'a[^\\n]*(b|\'[ \\t\\n\\r\\f])', 1, 1, 0, 'p') > 0

-- {field: name, matches: 'É[\w.-]\$?', ignore_case: true}
REGEXP_INSTR(LOWER("name"), 'é[a-za-z0-9_.\\-]\\$?', 1, 1, 0, 'p') > 0

-- {field: name, not_matches: '^x?$'}
NOT COALESCE(("name" || '.' = '' || '.' OR REGEXP_INSTR("name", '^x?\\z', 1, 1, 0, 'p') > 0), FALSE)

-- {field: name, is_null: true}
"name" IS NULL

-- {field: name, is_null: false}
NOT "name" IS NULL

-- {field: name, is_empty: true}
"name" IS NULL OR "name" || '.' = '' || '.'

-- {field: name, is_empty: false}
NOT COALESCE("name" IS NULL OR "name" || '.' = '' || '.', FALSE)

-- {field: tags, is_empty: true}
"tags" IS NULL OR REGEXP_COUNT("tags", '"(?:[^"\\\\]++|\\\\.)*+"', 1, 'p') = 0

-- {field: tags, contains_any: [a, b]}
REGEXP_INSTR("tags", '\\A\\[[ \\t\\n\\r]*+(?:(?!"(?:a|\\\\u0061)")"(?:[^"\\\\]++|\\\\.)*+"[ \\t\\n\\r]*+,[ \\t\\n\\r]*+)*+"(?:a|\\\\u0061)"', 1, 1, 0, 'p') > 0 OR REGEXP_INSTR("tags", '\\A\\[[ \\t\\n\\r]*+(?:(?!"(?:b|\\\\u0062)")"(?:[^"\\\\]++|\\\\.)*+"[ \\t\\n\\r]*+,[ \\t\\n\\r]*+)*+"(?:b|\\\\u0062)"', 1, 1, 0, 'p') > 0

-- {field: tags, contains_none: [a]}
NOT COALESCE(REGEXP_INSTR("tags", '\\A\\[[ \\t\\n\\r]*+(?:(?!"(?:a|\\\\u0061)")"(?:[^"\\\\]++|\\\\.)*+"[ \\t\\n\\r]*+,[ \\t\\n\\r]*+)*+"(?:a|\\\\u0061)"', 1, 1, 0, 'p') > 0, FALSE)

-- {field: sizes, contains_all: [1, 2]}
ARRAY_CONTAINS("sizes", 1) AND ARRAY_CONTAINS("sizes", 2)

-- {field: sizes, contains_any: [1.5, 40000]}
FALSE OR FALSE

-- {field: prices, contains_any: [9.9]}
ARRAY_CONTAINS("prices", CAST('9.90' AS DECIMAL(10, 2)))

-- {field: flags, not_contains_all: [true]}
NOT COALESCE(ARRAY_CONTAINS("flags", TRUE), FALSE)

-- {field: tags, length_equals: 2}
REGEXP_COUNT("tags", '"(?:[^"\\\\]++|\\\\.)*+"', 1, 'p') = 2

-- {field: tags, not_length_equals: 0}
NOT COALESCE(REGEXP_COUNT("tags", '"(?:[^"\\\\]++|\\\\.)*+"', 1, 'p') = 0, FALSE)

-- {field: tags, length_at_least: 1}
REGEXP_COUNT("tags", '"(?:[^"\\\\]++|\\\\.)*+"', 1, 'p') >= 1

-- {field: tags, length_at_most: 3}
REGEXP_COUNT("tags", '"(?:[^"\\\\]++|\\\\.)*+"', 1, 'p') <= 3

-- {field: orders, equals: 2}
"orders" = 2

-- {field: orders, above: 2}
"orders" > 2

-- {field: orders, at_least: 2}
"orders" >= 2

-- {field: orders, below: -2}
"orders" < -2

-- {field: orders, at_most: 2}
"orders" <= 2

-- {field: orders, between: [1, 2]}
"orders" >= 1 AND "orders" <= 2

-- {field: orders, not_between: [1, 2]}
NOT COALESCE("orders" >= 1 AND "orders" <= 2, FALSE)

-- {field: orders, in: [1, 2]}
"orders" IN (1, 2)

-- {field: orders, above: 2.5}
"orders" > 2

-- {field: orders, at_least: 2.5}
"orders" > 2

-- {field: orders, at_most: -2.5}
"orders" < -2

-- {field: orders, above: 32768}
FALSE

-- {field: orders, not_equals: 1000000000000000000000000000000}
NOT FALSE

-- {field: orders, below: 1.0e+300}
NOT "orders" IS NULL

-- {field: score, above: 2}
"score" > CAST('2.0' AS DOUBLE PRECISION) AND "score" <> CAST('NaN' AS DOUBLE PRECISION)

-- {field: score, at_most: 0.1}
"score" <= CAST('0.1' AS DOUBLE PRECISION)

-- {field: price, equals: 0.1}
"price" = CAST('0.10' AS DECIMAL(10, 2))

-- {field: price, above: 0.125}
"price" > CAST('0.12' AS DECIMAL(10, 2))

-- {field: vip, equals: true}
"vip" = TRUE

-- {field: vip, not_equals: true}
NOT COALESCE("vip" = TRUE, FALSE)

-- {field: born, equals: '2024-02-29'}
"born" = CAST('2024-02-29' AS DATE)

-- {field: born, before: '2024-02-29'}
"born" < CAST('2024-02-29' AS DATE)

-- {field: born, after: '2024-02-29'}
"born" > CAST('2024-02-29' AS DATE)

-- {field: born, in_last: 1 month}
"born" > CAST('2024-02-29' AS DATE) AND "born" <= CAST('2024-03-31' AS DATE)

-- {field: born, in_next: 1 month}
"born" > CAST('2024-03-31' AS DATE) AND "born" <= CAST('2024-04-30' AS DATE)

-- {field: born, older_than: 18 years}
"born" <= CAST('2006-03-31' AS DATE)

-- {field: born, days_ago: 30}
"born" = CAST('2024-03-01' AS DATE)

-- {field: born, not_days_ago: 0}
NOT COALESCE("born" = CAST('2024-03-31' AS DATE), FALSE)

-- {field: seen, in_days: 1}
"seen" >= CAST('2024-04-01 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen" < CAST('2024-04-02 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {field: born, not_in_days: 1}
NOT COALESCE("born" = CAST('2024-04-01' AS DATE), FALSE)

-- {field: born, anniversary: today}
EXTRACT(MONTH FROM "born") * 100 + EXTRACT(DAY FROM "born") = 331

-- {field: local, not_anniversary: today}
NOT COALESCE(EXTRACT(MONTH FROM "local") * 100 + EXTRACT(DAY FROM "local") = 331, FALSE)

-- {field: seen, anniversary_within: 7 days}
EXTRACT(MONTH FROM "seen" AT TIME ZONE 'UTC') * 100 + EXTRACT(DAY FROM "seen" AT TIME ZONE 'UTC') >= 331 AND EXTRACT(MONTH FROM "seen" AT TIME ZONE 'UTC') * 100 + EXTRACT(DAY FROM "seen" AT TIME ZONE 'UTC') <= 407

-- {field: born, not_anniversary_within: 10 months}
NOT COALESCE(EXTRACT(MONTH FROM "born") * 100 + EXTRACT(DAY FROM "born") >= 331 OR EXTRACT(MONTH FROM "born") * 100 + EXTRACT(DAY FROM "born") <= 131, FALSE)

-- {field: born, day_of_week: [sunday]}
(EXTRACT(DOW FROM "born") + 6) % 7 + 1 = 7

-- {field: seen, day_of_week: [sunday, monday, sunday]}
(EXTRACT(DOW FROM "seen" AT TIME ZONE 'UTC') + 6) % 7 + 1 IN (1, 7)

-- {field: born, not_day_of_week: [monday]}
NOT COALESCE((EXTRACT(DOW FROM "born") + 6) % 7 + 1 = 1, FALSE)

-- {field: seen, in_last: 90 minutes}
"seen" > CAST('2024-03-31 11:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen" <= CAST('2024-03-31 12:30:00+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {field: seen, equals: '2024-03-31'}
"seen" >= CAST('2024-03-31 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AND "seen" < CAST('2024-04-01 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {field: seen, after: '2024-03-31'}
"seen" >= CAST('2024-04-01 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {field: seen, before: '2024-03-31'}
"seen" < CAST('2024-03-31 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {field: seen, after: '2024-03-31T02:00+02:00'}
"seen" > CAST('2024-03-31 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {field: local, before: '0999-01-01T00:00:00.5'}
"local" < CAST('0999-01-01 00:00:00.500000' AS TIMESTAMP)

-- {field: seen, before: '9999-12-31'}
"seen" < CAST('9999-12-31 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {field: seen, after: '9999-12-31'}
"seen" > CAST('9999-12-31 23:59:59.999999+00:00' AS TIMESTAMP WITH TIME ZONE)

-- {all: [{field: vip, equals: true}, {any: [{field: orders, above: 1}, {field: orders, is_null: true}]}]}
"vip" = TRUE AND ("orders" > 1 OR "orders" IS NULL)

-- {none: [{field: orders, above: 1}, {field: name, equals: x}]}
NOT COALESCE("orders" > 1 OR "name" || '.' = 'x' || '.', FALSE)

-- {none: [{field: orders, is_null: true}]}
NOT "orders" IS NULL

-- {none: [{field: orders, is_null: false}]}
NOT NOT "orders" IS NULL
