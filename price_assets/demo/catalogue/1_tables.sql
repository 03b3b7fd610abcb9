-- tables
-- A made-up wholesale company's catalogue. What the price lists read: products, prices by day, tiers, stock by day.

CREATE TABLE brands (
    id      integer PRIMARY KEY,
    name    text NOT NULL UNIQUE,
    country text NOT NULL
);

CREATE TABLE categories (
    id         integer PRIMARY KEY,
    code       text NOT NULL UNIQUE,
    department text NOT NULL,
    name_ru    text NOT NULL,
    name_en    text NOT NULL
);

CREATE TABLE units (
    code    text PRIMARY KEY,
    name_en text NOT NULL UNIQUE
);

CREATE TABLE products (
    id           integer PRIMARY KEY,
    sku          text NOT NULL,
    barcode      text,
    name_ru      text NOT NULL,
    name_en      text NOT NULL,
    note_ru      text,
    description  text,
    brand_id     integer NOT NULL REFERENCES brands,
    category_id  integer NOT NULL REFERENCES categories,
    unit         text NOT NULL REFERENCES units,
    pack_size    integer NOT NULL CHECK (pack_size > 0),
    weight_kg    numeric(10, 3),
    vat_percent  integer NOT NULL,
    fragile      boolean NOT NULL,
    discontinued boolean NOT NULL
);

CREATE TABLE retail_prices (
    product_id integer NOT NULL,
    valid_from date NOT NULL,
    valid_to   date,
    price      numeric(12, 2) NOT NULL,
    old_price  numeric(12, 2)
);

CREATE TABLE wholesale_prices (
    product_id integer NOT NULL,
    valid      daterange NOT NULL,
    price      numeric(14, 4) NOT NULL,
    updated    timestamptz NOT NULL
);

CREATE TABLE quantity_tiers (
    category_id  integer NOT NULL REFERENCES categories,
    tier         integer NOT NULL CHECK (tier IN (2, 3)),
    min_quantity integer NOT NULL,
    discount     numeric(4, 3) NOT NULL CHECK (discount > 0 AND discount < 1),
    PRIMARY KEY (category_id, tier)
);

CREATE TABLE stock (
    product_id integer NOT NULL,
    warehouse  text NOT NULL,
    valid_from date NOT NULL,
    valid_to   date,
    quantity   integer NOT NULL CHECK (quantity >= 0)
);

COMMENT ON TABLE products IS 'What the company sells. A product without a price on a day is not on sale on that day.';
COMMENT ON COLUMN products.barcode IS 'EAN-13, or 18 digits of a box; text, since leading zeros count.';
COMMENT ON COLUMN products.pack_size IS 'Units in the smallest box that leaves the warehouse.';
COMMENT ON TABLE retail_prices IS 'Roubles with VAT, from valid_from on, until the day before valid_to (no end yet: null).';
COMMENT ON COLUMN retail_prices.old_price IS 'What a promotion strikes through; null without one.';
COMMENT ON TABLE wholesale_prices IS 'Roubles without VAT, on each day of `valid`, for less than the first tier''s quantity.';
COMMENT ON COLUMN wholesale_prices.updated IS 'When the price was entered.';
COMMENT ON TABLE quantity_tiers IS 'From min_quantity units on, the wholesale price falls by the discount.';
COMMENT ON TABLE stock IS 'Units in a warehouse by the count of valid_from, until the day before valid_to (the last count: null).';
