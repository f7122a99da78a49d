-- Run once by the image, before `gigpay migrate` grants the serving role its rights: the service logs in as a member of it.
CREATE ROLE gigpay_serving NOLOGIN;
CREATE ROLE gigpay LOGIN IN ROLE gigpay_serving;
