-- a year of stock

INSERT INTO stock
SELECT
    id, warehouse, valid_from, CASE WHEN valid_from + rhythm <= today THEN valid_from + rhythm END,
    -- Every seventh count finds nothing left.
    CASE WHEN pick(id * 10000::bigint + count, 40 + place, 7) > 0 THEN pick(id * 10000::bigint + count, 50 + place, 400) ELSE 0 END
FROM products
CROSS JOIN (SELECT current_setting('demo.today')::date AS today, current_setting('demo.today')::date - DATE '1970-01-01' AS days) AS calendar
JOIN (VALUES (1, 'Подольск'), (2, 'Казань')) AS warehouses (place, warehouse) ON pick(id, 30 + place, 3) > 0
CROSS JOIN LATERAL (SELECT 28 + pick(id, 60 + place, 30) AS rhythm, pick(id, 62 + place, 57) AS shift) AS own
CROSS JOIN LATERAL generate_series((days - 365 + shift) / rhythm, (days + shift) / rhythm) AS count
CROSS JOIN LATERAL (SELECT DATE '1970-01-01' + count * rhythm - shift AS valid_from) AS beginning;

ALTER TABLE stock ADD PRIMARY KEY (product_id, warehouse, valid_from), ADD FOREIGN KEY (product_id) REFERENCES products;
CREATE INDEX ON stock (valid_from, valid_to);
DROP TABLE beats, goods, kinds;
ANALYZE;
