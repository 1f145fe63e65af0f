package org.hazel.app

import org.hazel.bridge.ChitLine

/** A running balance: one level for each chit, oldest first, begun at where it stood before. */
data class Curve(val levels: List<Long>) {
    /** The highest and the lowest that is drawn; zero is always between. */
    val top: Long get() = maxOf(0, levels.max())
    val bottom: Long get() = minOf(0, levels.min())

    /** The corners of the line, from the left and from the top, each between 0 and 1. A balance does not slope: it stands and steps. */
    fun corners(): List<Pair<Float, Float>> {
        val steps = levels.size
        return levels.flatMapIndexed { at, level ->
            val height = height(level)
            listOf(at.toFloat() / steps to height, (at + 1).toFloat() / steps to height)
        }
    }

    /** Where zero lies, from the top. */
    fun zero(): Float = height(0)

    private fun height(level: Long): Float = if (top == bottom) 0.5f else (top - level).toFloat() / (top - bottom)
}

/** The curve of a page of chits, which come newest first; none while nothing has moved. */
fun curve(chits: List<ChitLine>): Curve? {
    val moved = chits.filter { it.units != 0L }.asReversed()
    val first = moved.firstOrNull() ?: return null
    return Curve(listOf(first.balance - first.units) + moved.map { it.balance })
}
