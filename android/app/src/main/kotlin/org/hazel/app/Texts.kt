package org.hazel.app

import android.content.Context

/** The words of a text in the person's language. */
class Texts(private val context: Context) {
    fun of(said: Said): String = when (said) {
        is Plain -> said.text
        is Count -> {
            val id = context.resources.getIdentifier("hazel_" + said.name, "plurals", context.packageName)
            val number = said.number.coerceAtMost(Int.MAX_VALUE.toULong()).toInt()
            if (id == 0) said.name else context.resources.getQuantityString(id, number, said.number.toString())
        }
        is Text -> {
            // By name: the classes of resources are made by a tool that this project's own build does not have.
            val id = context.resources.getIdentifier("hazel_" + said.name, "string", context.packageName)
            if (id == 0) said.name else context.resources.getString(id, *said.words.map(::of).toTypedArray())
        }
    }
}
