-- What a shop pays for each product on sale on :export_date, the list's only parameter (a DATE).
--
-- One row a product, by category and name; the last ORDER BY decides the order of the rows and ends with the key, so that it is the same every time.
WITH in_stock AS (
    SELECT product_id
    FROM stock
    WHERE valid_from <= :export_date AND (valid_to IS NULL OR valid_to > :export_date)
    GROUP BY product_id
    HAVING sum(quantity) > 0
)
SELECT
    products.sku,
    products.barcode,
    products.name_ru            AS name,
    brands.name                 AS brand,
    brands.country,
    categories.name_ru          AS category,
    products.unit,
    retail_prices.price,
    retail_prices.old_price,
    products.vat_percent        AS vat,
    retail_prices.valid_from    AS price_since,
    products.id IN (SELECT product_id FROM in_stock) AS in_stock,
    products.note_ru            AS note
FROM products
JOIN brands ON brands.id = products.brand_id
JOIN categories ON categories.id = products.category_id
JOIN retail_prices ON retail_prices.product_id = products.id
    AND retail_prices.valid_from <= :export_date
    AND (retail_prices.valid_to IS NULL OR retail_prices.valid_to > :export_date)
WHERE NOT products.discontinued
ORDER BY categories.name_ru, products.name_ru, products.sku
