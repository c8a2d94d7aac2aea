-- +goose Up
-- the counter that servers draw their ids from
INSERT INTO id_blocks (id, next) VALUES (1, 1);
