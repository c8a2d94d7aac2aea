package doctor

// logged says what PostgreSQL writes of people's values into its log. Our statements bind every value, so their texts hold none; values come
// from parameters, from the details of errors, and from plans.
func logged(settings parameters) []Finding {
	return []Finding{loggedParameters(settings), loggedOnError(settings), loggedDetails(settings), loggedPlans(settings)}
}

// terse leaves the lines DETAIL and CONTEXT out of the log; parameters stand there.
func terse(settings parameters) bool { return settings["log_error_verbosity"] == "terse" }

// loggedParameters: the values of statements that are logged because somebody wants to see them all, or the slow ones.
func loggedParameters(settings parameters) Finding {
	const advice = "set log_parameter_max_length = 0"
	kept := settings.number("log_parameter_max_length", -1)
	if kept == 0 || terse(settings) {
		return ok("log-parameters", "statements are logged without values, if at all")
	}
	statements := settings.is("log_statement", "mod", "all") || settings.number("log_min_duration_statement", -1) >= 0 ||
		(settings.number("log_min_duration_sample", -1) >= 0 && settings.number("log_statement_sample_rate", 0) > 0) ||
		settings.number("log_transaction_sample_rate", 0) > 0
	if statements {
		return failed("log-parameters", "PostgreSQL logs statements together with people's values", advice)
	}
	return warn("log-parameters", "people's values will be in the log as soon as somebody has slow statements logged", advice)
}

func loggedOnError(settings parameters) Finding {
	if settings.number("log_parameter_max_length_on_error", 0) != 0 && !terse(settings) {
		return failed("log-on-error", "PostgreSQL logs people's values when a statement fails", "set log_parameter_max_length_on_error = 0")
	}
	return ok("log-on-error", "failing statements are logged without values")
}

func loggedDetails(settings parameters) Finding {
	if terse(settings) {
		return ok("log-details", "errors are logged without the row that they are about")
	}
	return warn("log-details", "errors are logged with the row that they are about", "set log_error_verbosity = terse")
}

// loggedPlans: the conditions of a plan hold the values that it was made for.
func loggedPlans(settings parameters) Finding {
	switch {
	case settings.number("auto_explain.log_min_duration", -1) >= 0:
		return failed("log-plans", "auto_explain logs plans, whose conditions hold people's values", "set auto_explain.log_min_duration = -1")
	case settings["pgaudit.log_parameter"] == "on":
		return failed("log-plans", "pgaudit logs people's values", "set pgaudit.log_parameter = off")
	case settings["debug_print_plan"] == "on" || settings["debug_print_rewritten"] == "on" || settings["debug_print_parse"] == "on":
		return failed("log-plans", "PostgreSQL logs the trees of statements, values included", "set debug_print_parse, debug_print_rewritten and debug_print_plan to off")
	}
	return ok("log-plans", "no plans are logged")
}
