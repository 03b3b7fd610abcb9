-- What a partner pays for each product on :export_date, by quantity, and what is in the warehouses.
--
-- Without an ORDER BY of its own the list is sorted by its key.
WITH prices AS (
    SELECT product_id, price, updated
    FROM wholesale_prices
    WHERE valid @> :export_date
),
counts AS (
    SELECT product_id, sum(quantity) AS stock, max(valid_from) AS counted
    FROM stock
    WHERE valid_from <= :export_date AND (valid_to IS NULL OR valid_to > :export_date)
    GROUP BY product_id
)
SELECT
    products.sku,
    products.barcode,
    products.name_en                                AS name,
    brands.name                                     AS brand,
    categories.department,
    categories.name_en                              AS category,
    units.name_en                                   AS unit,
    products.pack_size,
    products.weight_kg,
    prices.price,
    tier2.min_quantity                              AS tier2_quantity,
    round(prices.price * (1 - tier2.discount), 4)   AS tier2_price,
    tier3.min_quantity                              AS tier3_quantity,
    round(prices.price * (1 - tier3.discount), 4)   AS tier3_price,
    counts.stock,
    products.fragile,
    counts.counted,
    prices.updated,
    products.description
FROM products
JOIN prices ON prices.product_id = products.id
JOIN brands ON brands.id = products.brand_id
JOIN categories ON categories.id = products.category_id
JOIN units ON units.code = products.unit
LEFT JOIN quantity_tiers AS tier2 ON tier2.category_id = products.category_id AND tier2.tier = 2
LEFT JOIN quantity_tiers AS tier3 ON tier3.category_id = products.category_id AND tier3.tier = 3
LEFT JOIN counts ON counts.product_id = products.id
