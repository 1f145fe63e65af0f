package org.hazel.wallet

import org.hazel.bridge.Culprit
import org.hazel.bridge.HazelException
import org.hazel.bridge.Trouble

/** What is wrong, whichever family the error is of. */
val HazelException.trouble: Trouble
    get() = when (this) {
        is HazelException.Refused -> trouble
        is HazelException.Usage -> trouble
        is HazelException.Locked -> trouble
        is HazelException.Damaged -> trouble
        is HazelException.Machine -> trouble
        is HazelException.Newer -> trouble
        is HazelException.Over -> trouble
        is HazelException.Defect -> trouble
    }

/** The stable name of what is wrong: the key of a text in the app's resources. */
val HazelException.code: String get() = trouble.code

/** Whose fault it is. */
val HazelException.culprit: Culprit get() = trouble.culprit

/** A word for the sentence, by its name. */
operator fun Trouble.get(name: String): String? = arguments.firstOrNull { it.name == name }?.value
