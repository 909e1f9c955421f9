Bimagescaler0_0J0õ®?l)á?HŠ?N¯›?4ðÀB_À9"Àwr2À€c;¢é
¿ºip?TúD?