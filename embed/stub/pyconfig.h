/* cffi only wants this file to exist. */
#pragma once
